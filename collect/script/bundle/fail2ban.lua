-- Addresses that fail2ban bans, by jail. Its client asks the server over a socket that only root may use, so it is run by
-- sudo: put "virgo ALL=(root) NOPASSWD: /usr/bin/fail2ban-client status, /usr/bin/fail2ban-client status *" into
-- /etc/sudoers.d/virgo.
-- Source: fail2ban-client(1), status and status JAIL.

-- A check may run 64 programs, of which the first one lists the jails, and take 30 seconds.
local most, seconds = 63, 18

local function ask(...)
  local answer, why = program.run("sudo fail2ban-client", { "status", ... })
  return answer and answer.out, why
end

return check {
  summary = "jails of fail2ban: failed and banned addresses",
  details = {
    jail = { doc = "only this one" },
  },
  needs = { programs = { "sudo fail2ban-client" } },
  systems = { "linux", "freebsd" },
  metrics = { "banned", "failed" },

  run = function(details)
    local began, jails = time.clock(), { details.jail }
    if not details.jail then
      local out, why = ask()
      if not out then unavailable(why) end
      local names = out:match("Jail list:%s*([^\n]*)")
      if not names then unavailable("fail2ban-client printed no list of jails") end
      for name in names:gmatch("[^,%s]+") do jails[#jails + 1] = name end
    end
    local banned, failed, not_asked = 0, 0, 0
    for i, jail in ipairs(jails) do
      if i > most or time.clock() - began > seconds then
        not_asked = #jails - i + 1
        break
      end
      local out, why = ask(jail)
      if not out then unavailable(jail .. ": " .. why) end
      for name, key in pairs {
        failed = "Currently failed", failed_total = "Total failed", banned = "Currently banned", banned_total = "Total banned",
      } do
        local value = tonumber(out:match(key .. ":%s*(%d+)"))
        if value then
          metric(name, "uint64", value, nil, jail)
          if name == "banned" then banned = banned + value end
          if name == "failed" then failed = failed + value end
        end
      end
    end
    metric("jails", "int64", #jails)
    metric("not_asked", "int64", not_asked)
    metric("banned", "uint64", banned)
    metric("failed", "uint64", failed)
    local say = banned .. " banned in " .. #jails .. " jails"
    if not_asked > 0 then say = say .. ", of which " .. not_asked .. " were not asked: give each a check with jail" end
    status(say)
  end,
}
