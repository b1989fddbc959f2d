-- Takes messages back: they stay where they are, and no model is shown them any more. Those that were taken back before stay so.
-- KEYS: header, ids, due    ARGV: conversationId, due at (ms), messages of the conversation that may be withdrawn, messageIds …
-- Returns { 'withdrawn', agentId, seqs of these messages … }, { 'refused', reason, what stands against it }, or false if the conversation is not hot
local at = redis.call('HMGET', KEYS[1], 'status', 'agentId', 'withdrawnSeqs')
if not at[1] then return false end
if at[1] == 'deleted' then return { 'refused', 'closed', at[1] } end

local seqs, isWithdrawn = {}, {}
for seq in string.gmatch(at[3] or '', '%d+') do
  seqs[#seqs + 1] = tonumber(seq)
  isWithdrawn[tonumber(seq)] = true
end
local count, answer = #seqs, { 'withdrawn', at[2] }
for i = 4, #ARGV do
  local seq = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or '')
  if seq then answer[#answer + 1] = seq end
  if seq and not isWithdrawn[seq] then seqs[#seqs + 1] = seq end
end
if #seqs == count then return answer end
if #seqs > tonumber(ARGV[3]) then return { 'refused', 'withdrawn', count } end

table.sort(seqs)
redis.call('HSET', KEYS[1], 'withdrawnSeqs', ',' .. table.concat(seqs, ','))
redis.call('HINCRBY', KEYS[1], 'changes', 1)
redis.call('ZADD', KEYS[3], 'LT', ARGV[2], ARGV[1])
return answer
