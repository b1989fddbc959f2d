-- What the scripts of this folder share; it is put before each of them.
-- An entry is three lines: its head, "<graceMs> <scope>|<generation>,<scope>|<generation>", its body.
-- A scope's generation is a random word under <generation prefix><scope>; it is gone after an invalidation, and the next load makes another.

local function split_scopes(text)
  local names, ids = {}, {}
  for name, id in string.gmatch(text, '([^|,]+)|([^,]+)') do
    names[#names + 1] = name
    ids[#ids + 1] = id
  end
  return names, ids
end

local function join_scopes(names, ids)
  local scopes = {}
  for i, name in ipairs(names) do scopes[i] = name .. '|' .. ids[i] end
  return table.concat(scopes, ',')
end

local function scopes_of(entry)
  return split_scopes(string.match(entry, '^[^\n]*\n%d+ ([^\n]*)\n') or '')
end

-- A lease is "<token> <scope>|<generation>,…": whose it is, and what was current when it was taken.
local function holds(lease, token)
  return lease and string.match(lease, '^%S+') == token
end

local function keys_of(prefix, names)
  local made = {}
  for i, name in ipairs(names) do made[i] = prefix .. name end
  return made
end

-- Whether the generations are still those of the scopes.
local function are_current(prefix, names, ids)
  if #names == 0 then return false end
  local current = redis.call('MGET', unpack(keys_of(prefix, names)))
  for i = 1, #names do
    if current[i] ~= ids[i] then return false end
  end
  return true
end

-- The generations of these scopes, made where they are missing.
local function mint(prefix, names, word, ttlMs)
  local ids = {}
  for i, name in ipairs(names) do
    local id = redis.call('GET', prefix .. name)
    if not id then
      id = word .. i
      redis.call('SET', prefix .. name, id, 'PX', ttlMs)
    end
    ids[i] = id
  end
  return ids
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Lets a key live at least as long as an entry; leftMs is its PTTL before it was written.
local function outlive(key, leftMs, entryMs)
  if entryMs == 0 then
    redis.call('PERSIST', key)
  elseif leftMs ~= -1 and leftMs < entryMs then
    redis.call('PEXPIRE', key, entryMs)
  end
end

-- Notes an entry in an index, to be counted when its scope is invalidated. mode 'GT': the member is an index, which ends with its last entry.
local function note(key, member, entryMs, mode)
  local at = now()
  local leftMs = redis.call('PTTL', key)
  local ended = redis.call('ZRANGEBYSCORE', key, '-inf', at, 'LIMIT', 0, 16)
  if #ended > 0 then redis.call('ZREM', key, unpack(ended)) end
  -- CH changes nothing but the answer.
  redis.call('ZADD', key, mode or 'CH', entryMs == 0 and '+inf' or at + entryMs, member)
  outlive(key, leftMs, entryMs)
end

-- An index is void with any scope above it: `<index>:g` says under which generations its entries are.
local function note_in_index(key, member, entryMs, under)
  if redis.call('GET', key .. ':g') ~= under then redis.call('UNLINK', key) end
  note(key, member, entryMs)
  local leftMs = redis.call('PTTL', key)
  if leftMs == -1 then redis.call('SET', key .. ':g', under) else redis.call('SET', key .. ':g', under, 'PX', leftMs) end
end

-- How many entries of an index could be read now.
local function count_index(prefix, key)
  if not are_current(prefix, split_scopes(redis.call('GET', key .. ':g') or '')) then return 0 end
  return redis.call('ZCOUNT', key, '(' .. now(), '+inf')
end

-- entry = { key, name, head, graceMs, body, ttlMs (0 is without end), indexPrefix, indexes }; the index i is that of the scope i + 1, the first scope is the tenant.
local function write(entry, prefix, names, ids)
  local text = entry.head .. '\n' .. entry.graceMs .. ' ' .. join_scopes(names, ids) .. '\n' .. entry.body
  local keptMs = entry.ttlMs == 0 and 0 or entry.ttlMs + entry.graceMs
  if keptMs == 0 then redis.call('SET', entry.key, text) else redis.call('SET', entry.key, text, 'PX', keptMs) end
  for _, name in ipairs(names) do outlive(prefix .. name, redis.call('PTTL', prefix .. name), keptMs) end
  for i, index in ipairs(entry.indexes) do
    note_in_index(entry.indexPrefix .. index, entry.name, entry.ttlMs, join_scopes({ unpack(names, 1, i + 1) }, ids))
    if i == 1 then note(entry.indexPrefix .. 't', index, entry.ttlMs, 'GT') end
  end
end
