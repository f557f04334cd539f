-- Backups by restic: how old the newest snapshot is, of each host and set of paths, and how many there are.
-- The password is in a file that the user of scripts can read; a repository on another host needs its login in that
-- user's environment or configuration.
-- Source: restic snapshots --json; times are those of RFC 3339.

return check {
  summary = "backups by restic: age and number of snapshots",
  details = {
    repository = { required = true, doc = "repository, as /srv/restic or sftp:backup:/srv/restic" },
    password_file = { kind = "absolute-path", required = true, doc = "file with its password" },
    host = { doc = "only snapshots of this host" },
    tag = { doc = "only snapshots with this tag" },
    max_age = { kind = "seconds", default = 129600, role = "free", doc = "age above which the status says so" },
  },
  needs = { programs = { "restic" }, files = { "${password_file}" } },
  metrics = { "age", "snapshots" },

  run = function(details, now)
    local arguments = { "snapshots", "--json", "--no-lock", "--no-cache" }
    for _, flag in ipairs { "host", "tag" } do
      if details[flag] then
        arguments[#arguments + 1] = "--" .. flag .. "=" .. details[flag]
      end
    end
    local answer, why = program.run("restic", arguments, {
      timeout = 25, env = { RESTIC_REPOSITORY = details.repository, RESTIC_PASSWORD_FILE = details.password_file },
    })
    if not answer then unavailable(why) end
    local list, wrong = json.decode(answer.out)
    if type(list) ~= "table" then unavailable("restic: " .. (wrong or "other JSON")) end

    local groups, newest, n = {}, nil, 0
    for _, s in ipairs(list) do
      local at = type(s) == "table" and time.parse(tostring(s.time), "rfc3339")
      if at then
        n = n + 1
        local name = tostring(s.hostname) .. " " .. table.concat(type(s.paths) == "table" and s.paths or {}, ", ")
        local g = groups[name] or { at = at, n = 0 }
        groups[name] = { at = math.max(g.at, at), n = g.n + 1 }
        newest = math.max(newest or at, at)
      end
    end
    metric("snapshots", "int64", n)
    local late = {}
    for name, g in pairs(groups) do
      metric("group_age", "double", math.max(0, now - g.at), "seconds", name)
      metric("group_snapshots", "int64", g.n, nil, name)
      if now - g.at > details.max_age then late[#late + 1] = name end
    end
    if not newest then
      status("there is no snapshot")
      return
    end
    metric("age", "double", math.max(0, now - newest), "seconds")
    table.sort(late)
    local age = string.format("the newest of %d snapshots is %.1f hours old", n, (now - newest) / 3600)
    status(#late > 0 and "no new snapshot of " .. table.concat(late, "; ") .. "; " .. age or age)
  end,
}
