local details = { repository = "/srv/restic", password_file = "/etc/restic.password" }
local command = "restic snapshots --json --no-lock --no-cache"

return tests {
  ["0.14 of Debian 12"] = function(t)
    t:run { details = details, now = 1795969828, programs = { [command] = "testdata/restic-0.14-snapshots.json" } }
    t:metric("snapshots", 2)
    t:metric("group_snapshots", 2, "web1 /home")
    t:metric("age", 1795969828 - 1795966228.111641902, nil, "seconds")
    t:status("the newest of 2 snapshots is 1.0 hours old")
  end,

  ["0.16, one set is late"] = function(t)
    t:run { details = details, now = 1699923601.5 + 3600, programs = { [command] = "testdata/restic-0.16-snapshots.json" } }
    t:metric("age", 3600)
    t:metric("group_age", 3600, "db1 /etc, /home")
    t:metric("group_snapshots", 1, "db1 /srv")
    t:status("no new snapshot of db1 /srv; the newest of 3 snapshots is 1.0 hours old")
  end,

  ["of one host and tag, of which there is none"] = function(t)
    t:run {
      details = { repository = "/srv/restic", password_file = "/p", host = "web2", tag = "daily" },
      programs = { [command .. " --host=web2 --tag=daily"] = "[]\n" },
    }
    t:metric("snapshots", 0)
    t:no_metric("age")
    t:status("there is no snapshot")
  end,

  ["wrong password"] = function(t)
    t:run { details = details, programs = { [command] = { code = 1, err = "Fatal: wrong password or no key found\n" } } }
    t:unavailable()
  end,
}
