-- Ends the generations of scopes: whatever is under them is no entry any more, loads under way included. No entry is touched.
-- KEYS: generations. ARGV: channel, index prefix, indexes (JSON: [{ index, parents }]), messages …
-- Answers how many entries each index had. What a parent index also had of them is taken out of it.
redis.call('UNLINK', unpack(KEYS))
local at = now()
local counts = {}
for i, spec in ipairs(cjson.decode(ARGV[3])) do
  local key = ARGV[2] .. spec.index
  counts[i] = redis.call('ZCOUNT', key, '(' .. at, '+inf')
  if #spec.parents > 0 then
    local members = redis.call('ZRANGE', key, 0, -1)
    for first = 1, #members, 1000 do
      for _, parent in ipairs(spec.parents) do
        redis.call('ZREM', ARGV[2] .. parent, unpack(members, first, math.min(first + 999, #members)))
      end
    end
  end
  redis.call('UNLINK', key)
end
for i = 4, #ARGV do redis.call('PUBLISH', ARGV[1], ARGV[i]) end
return counts
