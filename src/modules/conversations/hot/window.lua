-- The newest messages, without those that the caller has already.
-- KEYS: header, messages, ids    ARGV: seq and messageId of the newest message that the caller has, or 0 and ''; newest messages wanted,
--   besides those that are withdrawn; which ones the caller knows to be withdrawn
-- Returns { 1 if it goes on where the caller is or 0 if he has to begin anew, seqs of the system messages, first seq wanted, seq of the first message,
--   messages, seqs of the withdrawn messages },
--   or false if the conversation is not hot
local at = redis.call('HMGET', KEYS[1], 'status', 'seq', 'firstHotSeq', 'systemSeqs', 'withdrawnSeqs')
if not at[1] or at[1] == 'deleted' then return false end
local seq, oldest, withdrawn = tonumber(at[2]), tonumber(at[3]), at[5] or ''
local wanted = math.max(1, seq - tonumber(ARGV[3]) + 1)
if withdrawn ~= '' then
  local seqs = {}
  for each in string.gmatch(withdrawn, '%d+') do seqs[#seqs + 1] = tonumber(each) end
  for i = #seqs, 1, -1 do
    if seqs[i] < wanted then break end
    wanted = math.max(1, wanted - 1)
  end
end
local known = tonumber(ARGV[1])
local goesOn = known >= wanted - 1 and known <= seq and withdrawn == ARGV[4] and redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[1]
local first = goesOn and known + 1 or wanted
local from = math.max(first, oldest)
local messages = from <= seq and redis.call('LRANGE', KEYS[2], from - oldest, -1) or {}
return { goesOn and 1 or 0, at[4] or '', first, from, messages, withdrawn }
