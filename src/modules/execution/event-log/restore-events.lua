-- Puts events back into a log that is gone, with the seqs that they had.
-- KEYS: events    ARGV: time to live (s), then for each event: seq, type, data (JSON), at (ISO-8601)
-- Returns 1, or 0 if there is a log by now
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for i = 2, #ARGV, 4 do
  redis.call('XADD', KEYS[1], ARGV[i] .. '-0', 'type', ARGV[i + 1], 'data', ARGV[i + 2], 'at', ARGV[i + 3])
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
