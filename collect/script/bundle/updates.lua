-- Updates that wait: all, and those that close security holes. Nothing is changed and no list is renewed: what the
-- system's own timer fetched is compared, and how old that is is reported.
-- Sources: apt-get -s dist-upgrade (a simulation), dnf check-update and updateinfo, apk version.

-- "Inst openssl [3.0.11-1] (3.0.13-1 Debian-Security:12/stable-security [amd64])"
local function apt()
  local answer, err = program.run("apt-get", { "-s", "-o", "Debug::NoLocking=1", "dist-upgrade" }, { timeout = 20 })
  if not answer then return nil, err end
  local r = { all = 0, security = 0, names = {} }
  for _, line in ipairs(text.lines(answer.out)) do
    local name, rest = line:match("^Inst (%S+) (.*)$")
    if name and rest:match("^%[") then -- a new package has no version before it
      r.all = r.all + 1
      if rest:lower():find("security", 1, true) then
        r.security = r.security + 1
        r.names[#r.names + 1] = name
      end
    end
  end
  local lists = file.stat("/var/lib/apt/lists")
  r.fetched = lists and lists.mtime
  return r
end

-- dnf ends with 100 if there are updates: "openssl.x86_64   1:3.0.7-27.el9   baseos"
local function dnf()
  local answer, err = program.run("dnf", { "-q", "-C", "check-update" }, { ok = { 0, 100 }, timeout = 10 })
  if not answer then return nil, err end
  local r = { all = 0, security = 0, names = {} }
  for _, line in ipairs(text.lines(answer.out)) do
    if line:match("^Obsoleting Packages") then break end
    local f = text.fields(line)
    if #f == 3 and f[1]:match("%.[%w_]+$") then r.all = r.all + 1 end
  end
  -- "RHSA-2023:7877 Moderate/Sec.  openssl-1:3.0.7-25.el9_3.x86_64"
  local advisories = program.run("dnf", { "-q", "-C", "updateinfo", "list", "--updates", "security" }, { timeout = 10 })
  local seen = {}
  for _, line in ipairs(text.lines(advisories and advisories.out or "")) do
    local f = text.fields(line)
    local package = #f >= 3 and f[#f]:match("^(.-)%-[^%-]+%-[^%-]+$")
    if package and not seen[package] then
      seen[package] = true
      r.security = r.security + 1
      r.names[#r.names + 1] = package
    end
  end
  return r
end

-- "busybox-1.36.1-r4 < 1.36.1-r5"; Alpine does not say which of them are for security.
local function apk()
  local answer, err = program.run("apk", { "version", "-l", "<" })
  if not answer then return nil, err end
  local r = { all = 0, names = {} }
  for _, line in ipairs(text.lines(answer.out)) do
    if line:match("^%S+%s+<%s+%S+") then r.all = r.all + 1 end
  end
  return r
end

local function named(names)
  if #names <= 5 then return table.concat(names, ", ") end
  return table.concat(names, ", ", 1, 5) .. " and " .. #names - 5 .. " more"
end

return check {
  summary = "updates that wait, and those for security (apt, dnf, apk)",
  needs = { programs = { "apt-get", "dnf", "apk" }, files = { "/var/lib/apt/lists" } },
  systems = { "linux" },
  metrics = { "security", "pending" },

  run = function(_, now)
    for _, ask in ipairs { { "apt-get", apt }, { "dnf", dnf }, { "apk", apk } } do
      if program.find(ask[1]) then
        local r, err = ask[2]()
        if not r then unavailable(ask[1] .. ": " .. err) end
        metric("manager", "string", ask[1])
        metric("pending", "int64", r.all)
        if r.security then metric("security", "int64", r.security) end
        if r.fetched then metric("lists_age", "double", math.max(0, now - r.fetched), "seconds") end
        if r.all == 0 then
          status("up to date")
        elseif r.security and r.security > 0 then
          status(r.all .. " updates, " .. r.security .. " for security: " .. named(r.names))
        else
          status(r.all .. " updates")
        end
        return
      end
    end
    unavailable("none of apt-get, dnf and apk is installed")
  end,
}
