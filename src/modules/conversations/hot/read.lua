-- Header and a range of messages, as they are at one moment.
-- KEYS: header, messages
-- ARGV: 'range', first seq, how many | 'before', seq, how many | 'tail', how many |
--   'unarchived', how many, bytes of all of them at the most, unless the first one has more, or ''
-- Returns { header (flat), seq of the first message, messages }, or false if the conversation is not hot
local header = redis.call('HGETALL', KEYS[1])
if #header == 0 then return false end
local at = redis.call('HMGET', KEYS[1], 'firstHotSeq', 'seq', 'archivedSeq')
local oldest, newest, archived = tonumber(at[1]), tonumber(at[2]), tonumber(at[3])

local first, count
if ARGV[1] == 'range' then
  first, count = tonumber(ARGV[2]), tonumber(ARGV[3])
elseif ARGV[1] == 'before' then
  count = tonumber(ARGV[3])
  first = math.min(tonumber(ARGV[2]) - 1, newest) - count + 1
elseif ARGV[1] == 'tail' then
  count = tonumber(ARGV[2])
  first = newest - count + 1
else
  first, count = archived + 1, tonumber(ARGV[2])
end
local last = first + count - 1
if first < oldest then first = oldest end
if last < first then return { header, first, {} } end
if (ARGV[3] or '') == '' or ARGV[1] ~= 'unarchived' then return { header, first, redis.call('LRANGE', KEYS[2], first - oldest, last - oldest) } end

-- Fifty at a time: of large messages only a few are wanted.
local messages, room = {}, tonumber(ARGV[3])
for from = first, math.min(last, newest), 50 do
  for _, message in ipairs(redis.call('LRANGE', KEYS[2], from - oldest, math.min(from + 49, last) - oldest)) do
    if #messages > 0 and #message > room then return { header, first, messages } end
    messages[#messages + 1] = message
    room = room - #message
  end
end
return { header, first, messages }
