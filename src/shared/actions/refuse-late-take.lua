-- Before Bull's own script moveToActive. A worker that stood still between the two steps of taking a job (BRPOPLPUSH, this) finds that others have
-- taken it over meanwhile, and may have done it. Bull 4.16.5 would take it all the same, and write a field into a job that is gone: a job that is in
-- no list, and keeps every other one of its id from being added, for ever.
-- KEYS: 2 active. ARGV: 1 prefix of the jobs' keys, 5 the job's id; empty when Bull is to take whichever is next
if ARGV[5] ~= '' then
  local job = ARGV[1] .. ARGV[5]
  if redis.call('EXISTS', job) == 0 or redis.call('EXISTS', job .. ':lock') == 1 or not redis.call('LPOS', KEYS[2], ARGV[5]) then return end
end
