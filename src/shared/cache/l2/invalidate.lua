-- Ends the generations of scopes: whatever is under them is no entry any more, loads under way included. How much there is does not matter:
-- entries are left to their end, but those of an index with parents, such as one conversation's, are deleted and taken out of the parents.
-- KEYS: generations. ARGV: channel, index prefix, indexes (JSON: [{ index, parents }]), generation prefix, entry prefix, messages …
-- Answers how many entries that could be read each index had.
local counts = {}
for i, spec in ipairs(cjson.decode(ARGV[3])) do
  local key = ARGV[2] .. spec.index
  counts[i] = count_index(ARGV[4], key)
  if #spec.parents > 0 then
    local members = redis.call('ZRANGE', key, 0, -1)
    for first = 1, #members, 1000 do
      redis.call('UNLINK', unpack(keys_of(ARGV[5], { unpack(members, first, math.min(first + 999, #members)) })))
      for _, parent in ipairs(spec.parents) do
        redis.call('ZREM', ARGV[2] .. parent, unpack(members, first, math.min(first + 999, #members)))
      end
    end
  end
  redis.call('UNLINK', key, key .. ':g')
end
redis.call('UNLINK', unpack(KEYS))
for i = 6, #ARGV do redis.call('PUBLISH', ARGV[1], ARGV[i]) end
return counts
