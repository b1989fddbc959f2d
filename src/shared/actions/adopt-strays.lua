-- Gives a place in the line to jobs that were added without a priority. Bull puts them behind all that have one, and every new one
-- that has one before them: while jobs keep waiting, their turn would never come. They are the newest entries of the list.
-- KEYS: 1 wait, 2 priority. ARGV: 1 prefix of the jobs' keys, 2 how far behind they line up (ms), 3 how many to look at.
local adopted = 0
while adopted < tonumber(ARGV[3]) do
  local id = redis.call('LINDEX', KEYS[1], 0)
  if not id or redis.call('ZSCORE', KEYS[2], id) then break end
  local job = ARGV[1] .. id
  local priority = (tonumber(redis.call('HGET', job, 'timestamp')) or 0) + tonumber(ARGV[2])
  redis.call('LPOP', KEYS[1])
  redis.call('HSET', job, 'priority', priority)
  redis.call('ZADD', KEYS[2], priority, id)
  -- As Bull 4.16.5 does (addJobWithPriority): behind all that are as early.
  local before = redis.call('ZCOUNT', KEYS[2], '-inf', priority) - 1
  local last = redis.call('LINDEX', KEYS[1], redis.call('LLEN', KEYS[1]) - before)
  if last then
    redis.call('LINSERT', KEYS[1], 'BEFORE', last, id)
  else
    redis.call('RPUSH', KEYS[1], id)
  end
  adopted = adopted + 1
end
return adopted
