-- Pools of ZFS: health, space, errors, the last scrub.
-- Source: zpool-list(8) -Hp (exact numbers, tabs) and zpool-status(8) -p.

local columns = { "name", "size", "alloc", "free", "frag", "cap", "health" }

local function number(s)
  return tonumber((s:gsub("%%$", "")))
end

-- The errors of each pool, summed over its devices, and when it was scrubbed last.
local function states(content)
  local found, pool, devices = {}, nil, false
  for _, line in ipairs(text.lines(content)) do
    local key, value = line:match("^%s*(%a+):%s*(.-)%s*$")
    if key == "pool" then
      pool, devices = { read = 0, write = 0, checksum = 0 }, false
      found[value] = pool
    elseif not pool then
      -- what stands before the first pool
    elseif key == "scan" then
      pool.scan = value
    elseif key == "errors" then
      pool.data, devices = value, false
    elseif line:match("^%s*NAME%s+STATE%s+READ%s+WRITE%s+CKSUM") then
      devices = true
    elseif devices then
      local f = text.fields(line)
      -- name, state, read, write, checksum; spares have no numbers
      if #f >= 5 and number(f[3]) then
        pool.read, pool.write = pool.read + number(f[3]), pool.write + (number(f[4]) or 0)
        pool.checksum = pool.checksum + (number(f[5]) or 0)
      end
    end
  end
  return found
end

return check {
  summary = "pools of ZFS: health, space, errors, scrub",
  details = {
    pool = { doc = "only this one" },
  },
  needs = { programs = { "zpool" } },
  metrics = { "unhealthy", "capacity" },

  run = function(details)
    local list, err = program.run("zpool", { "list", "-Hp", "-o", table.concat(columns, ",") })
    if not list then unavailable(err) end
    local status_text = program.run("zpool", { "status", "-p" })
    local state = status_text and states(status_text.out) or {}
    local pools, unhealthy, say = 0, 0, {}
    for _, line in ipairs(text.lines(list.out)) do
      local f = text.split(line, "\t")
      if #f == #columns and (not details.pool or f[1] == details.pool) then
        local name, health = f[1], f[7]
        pools = pools + 1
        metric("health", "string", health, nil, name)
        for i, what in ipairs { "size", "allocated", "free" } do
          if number(f[i + 1]) then metric(what, "uint64", number(f[i + 1]), "bytes", name) end
        end
        if number(f[5]) then metric("fragmentation", "double", number(f[5]), "percent", name) end
        if number(f[6]) then metric("capacity", "double", number(f[6]), "percent", name) end
        local s = state[name]
        if s then
          metric("read_errors", "uint64", s.read, nil, name)
          metric("write_errors", "uint64", s.write, nil, name)
          metric("checksum_errors", "uint64", s.checksum, nil, name)
          if s.scan then metric("scan", "string", s.scan, nil, name) end
        end
        local problem
        if health ~= "ONLINE" then
          problem = health
        elseif s and s.data and s.data ~= "No known data errors" then
          problem = s.data
        elseif s and s.read + s.write + s.checksum > 0 then
          problem = s.read + s.write + s.checksum .. " errors"
        end
        if problem then
          unhealthy = unhealthy + 1
          say[#say + 1] = name .. ": " .. problem
        end
      end
    end
    if details.pool and pools == 0 then unavailable("there is no pool " .. details.pool) end
    metric("pools", "int64", pools)
    metric("unhealthy", "int64", unhealthy)
    status(#say > 0 and table.concat(say, "; ") or pools .. " pools, all healthy")
  end,
}
