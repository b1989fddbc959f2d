-- Takes one request of a window that begins with its first one, if there is room.
-- KEYS: requests of the window    ARGV: requests at the most, length of the window (ms)
-- Returns { requests so far, ms until the window ends, 1 if this one was taken or 0 }
local taken = tonumber(redis.call('GET', KEYS[1]) or 0)
if taken >= tonumber(ARGV[1]) then return { taken, redis.call('PTTL', KEYS[1]), 0 } end
taken = redis.call('INCR', KEYS[1])
if taken == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return { taken, redis.call('PTTL', KEYS[1]), 1 }
