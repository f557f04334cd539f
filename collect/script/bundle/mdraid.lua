-- Linux software RAID: arrays that are degraded, and how far a rebuild or a check is.
-- Source: /proc/mdstat, and /sys/block/md*/md as https://docs.kernel.org/admin-guide/md.html describes it.

local function word(path)
  local content = file.read(path)
  return content and text.trim(content)
end

-- The arrays of /proc/mdstat in order.
local function arrays(content)
  local found, current = {}, nil
  for _, line in ipairs(text.lines(content)) do
    local name, rest = line:match("^(md%S*) : (.*)$")
    if name then
      current = { name = name, active = rest:match("^active") ~= nil, level = rest:match("(raid%d+)") or rest:match("(linear)"), failed = 0, spare = 0 }
      -- sda1[0] sdb1[1](F) sdc1[2](S)
      for flags in rest:gmatch("%[%d+%](%S*)") do
        if flags:find("(F)", 1, true) then current.failed = current.failed + 1 end
        if flags:find("(S)", 1, true) then current.spare = current.spare + 1 end
      end
      found[#found + 1] = current
    elseif current then
      local disks, working = line:match("%[(%d+)/(%d+)%]")
      if disks then current.disks, current.working = tonumber(disks), tonumber(working) end
      local action, percent = line:match("(%a+)%s*=%s*([%d%.]+)%%")
      if action then current.action, current.percent = action, tonumber(percent) end
      local speed = line:match("speed=(%d+)K/sec")
      if speed then current.speed = tonumber(speed) * 1024 end
      local waiting = line:match("(%a+)%s*=%s*DELAYED") or line:match("(%a+)%s*=%s*PENDING")
      if waiting then current.action = waiting end
    end
  end
  return found
end

return check {
  summary = "software RAID of Linux: degraded arrays, rebuilds, mismatches",
  needs = { files = { "/proc/mdstat", "/sys/block/*/md/*", "/sys/devices/virtual/block/*/md/*" } },
  systems = { "linux" },
  metrics = { "degraded", "arrays" },

  run = function()
    if not file.stat("/proc/mdstat") then unavailable("this kernel has no software RAID: there is no /proc/mdstat") end
    local content, err = file.read("/proc/mdstat")
    if not content then unavailable(err) end
    local found, degraded, say = arrays(content), 0, {}
    for _, a in ipairs(found) do
      local missing = math.max((a.disks or 0) - (a.working or 0), 0)
      metric("active", "bool", a.active, nil, a.name)
      if a.level then metric("level", "string", a.level, nil, a.name) end
      if a.disks then
        metric("disks", "int64", a.disks, nil, a.name)
        metric("working", "int64", a.working, nil, a.name)
      end
      metric("failed", "int64", a.failed, nil, a.name)
      metric("spare", "int64", a.spare, nil, a.name)
      local mismatches = tonumber(word("/sys/block/" .. a.name .. "/md/mismatch_cnt") or "")
      if mismatches then metric("mismatches", "uint64", mismatches, "sectors", a.name) end
      if a.action then
        metric("action", "string", a.action, nil, a.name)
        if a.percent then metric("action_percent", "double", a.percent, "percent", a.name) end
        if a.speed then metric("action_speed", "double", a.speed, "bytes/second", a.name) end
      end
      if missing > 0 or a.failed > 0 or not a.active then
        degraded = degraded + 1
        local how = not a.active and "inactive" or (a.working or "?") .. " of " .. (a.disks or "?") .. " disks"
        if a.percent then how = how .. ", " .. a.action .. " " .. a.percent .. " %" end
        say[#say + 1] = a.name .. ": " .. how
      elseif a.percent then
        say[#say + 1] = a.name .. ": " .. a.action .. " " .. a.percent .. " %"
      end
    end
    metric("arrays", "int64", #found)
    metric("degraded", "int64", degraded)
    if #found == 0 then say[1] = "no arrays" end
    status(#say > 0 and table.concat(say, "; ") or #found .. " arrays, none degraded")
  end,
}
