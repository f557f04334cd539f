-- The file systems that should be mounted: those of /etc/fstab, or the ones that the detail expected names.
-- Sources: /proc/self/mountinfo (proc_pid_mountinfo(5)) and /etc/fstab (fstab(5)).

-- Both files write a blank as \040.
local function unescape(s)
  return (s:gsub("\\(%d%d%d)", function(octal) return string.char(tonumber(octal, 8)) end))
end

local function has(options, name)
  return ("," .. options .. ","):find("," .. name .. ",", 1, true) ~= nil
end

local function mounted()
  local content, err = file.read("/proc/self/mountinfo")
  if not content then unavailable(err) end
  local found = {}
  for _, line in ipairs(text.lines(content)) do
    -- 36 35 98:0 /root /mount/point options optional fields - type source super options
    local before, after = line:match("^(.-) %- (.*)$")
    if before then
      local f, g = text.fields(before), text.fields(after)
      if #f >= 6 and #g >= 3 then
        -- the last one that was mounted at a place is the one that is seen
        found[unescape(f[5])] = { read_only = has(f[6], "ro") or has(g[3], "ro"), type = g[1] }
      end
    end
  end
  return found
end

-- Those of fstab that are mounted when the system starts.
local function fstab()
  local content, err = file.read("/etc/fstab")
  if not content then unavailable(err) end
  local wanted = {}
  for _, line in ipairs(text.lines(content)) do
    local f = text.fields(line)
    if #f >= 4 and f[1]:sub(1, 1) ~= "#" and f[2]:sub(1, 1) == "/" and not has(f[4], "noauto") then
      wanted[#wanted + 1] = { path = unescape(f[2]), read_only = has(f[4], "ro") }
    end
  end
  return wanted
end

return check {
  summary = "file systems that should be mounted, from /etc/fstab or a list",
  details = {
    expected = { kind = "list", doc = "mount points, as [\"/srv\", \"/data\"]; default: those of /etc/fstab without noauto" },
  },
  needs = { files = { "/proc/self/mountinfo", "/etc/fstab" } },
  systems = { "linux" },
  metrics = { "missing", "read_only" },

  run = function(details)
    local wanted = {}
    if details.expected then
      for _, path in ipairs(details.expected) do
        wanted[#wanted + 1] = { path = path:gsub("(.)/+$", "%1"), read_only = true }
      end
    else
      wanted = fstab()
    end
    local there = mounted()
    local missing, read_only = {}, {}
    for _, w in ipairs(wanted) do
      local m = there[w.path]
      metric("mounted", "bool", m ~= nil, nil, w.path)
      if not m then
        missing[#missing + 1] = w.path
      elseif m.read_only and not w.read_only then
        read_only[#read_only + 1] = w.path
      end
    end
    metric("expected", "int64", #wanted)
    metric("missing", "int64", #missing)
    metric("read_only", "int64", #read_only)

    local say = {}
    if #missing > 0 then say[#say + 1] = "not mounted: " .. table.concat(missing, ", ") end
    if #read_only > 0 then say[#say + 1] = "read-only: " .. table.concat(read_only, ", ") end
    if #wanted == 0 then say[1] = details.expected and "no file system is expected" or "/etc/fstab names no file system" end
    if #say == 0 then say[1] = #wanted .. " of " .. #wanted .. " mounted" end
    status(table.concat(say, "; "))
  end,
}
