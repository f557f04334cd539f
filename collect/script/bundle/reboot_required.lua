-- Whether this host waits for a reboot: what the packages say (Debian, Ubuntu: /run/reboot-required), what dnf says
-- (needs-restarting -r), and whether a newer kernel is installed than the one that runs.

-- Compares versions of kernels by their numbers and words: 6.1.0-9 is older than 6.1.0-32.
local function older(a, b)
  local function parts(s)
    local list = {}
    for digits, word in s:gmatch("(%d*)([^%d]*)") do
      list[#list + 1] = tonumber(digits) or -1
      list[#list + 1] = word
    end
    return list
  end
  local x, y = parts(a), parts(b)
  for i = 1, math.min(#x, #y) do
    if x[i] ~= y[i] then return x[i] < y[i] end
  end
  return #x < #y
end

-- What stands behind the version names another series of kernels: amd64, cloud-amd64, generic.
local function flavour(release)
  return release:match("^[%d%.%-]*(.*)$")
end

return check {
  summary = "whether a reboot is required, and since when the host runs",
  needs = {
    files = { "/run/reboot-required", "/run/reboot-required.pkgs", "/proc/sys/kernel/osrelease", "/boot/vmlinuz-*" },
    programs = { "needs-restarting" },
  },
  systems = { "linux" },
  metrics = { "reboot_required" },

  run = function(_, now)
    local reasons, packages = {}, 0
    if file.stat("/run/reboot-required") then
      local list, seen = {}, {}
      for _, name in ipairs(text.lines(file.read("/run/reboot-required.pkgs") or "")) do
        if name ~= "" and not seen[name] then
          seen[name] = true
          list[#list + 1] = name
        end
      end
      packages = #list
      reasons[1] = #list > 0 and "for " .. table.concat(list, ", ") or "says /run/reboot-required"
    end

    local running = text.trim(file.read("/proc/sys/kernel/osrelease") or "")
    local newest
    for _, path in ipairs(file.list("/boot/vmlinuz-*") or {}) do
      local release = path:match("vmlinuz%-(%d.*)$")
      if release and flavour(release) == flavour(running) and (not newest or older(newest, release)) then
        newest = release
      end
    end
    if newest and running ~= "" and older(running, newest) then
      reasons[#reasons + 1] = "kernel " .. newest .. " is installed, " .. running .. " runs"
    end

    if program.find("needs-restarting") then
      -- 1: a reboot is required
      local answer = program.run("needs-restarting", { "-r" }, { ok = { 0, 1 } })
      if answer and answer.code == 1 then reasons[#reasons + 1] = "says needs-restarting" end
    end

    metric("reboot_required", "bool", #reasons > 0)
    metric("packages", "int64", packages)
    if running ~= "" then metric("kernel", "string", running) end
    local booted = host.boot_time()
    if booted then metric("uptime", "double", math.max(0, now - booted), "seconds") end
    status(#reasons > 0 and "reboot required: " .. table.concat(reasons, "; ") or "no reboot required")
  end,
}
