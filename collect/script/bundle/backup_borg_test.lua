local command = "borg --bypass-lock list --json ::"

-- The times of borg are local: how old an archive is depends on the zone of whoever runs this.
return tests {
  ["1.2 of Debian 12"] = function(t)
    t:run { details = { repository = "/srv/borg" }, programs = { [command] = "testdata/borg-1.2-list.json" } }
    t:metric("archives", 2)
    t:metric("newest", "web1-2026-11-29")
    t:metric("age", 0)
  end,

  ["1.1, late"] = function(t)
    t:run {
      details = { repository = "/srv/borg", passphrase = "s", prefix = "db-" }, now = 1700200000,
      programs = { ["borg --bypass-lock list --json --glob-archives=db-* ::"] = "testdata/borg-1.1-list.json" },
    }
    t:metric("archives", 1)
    t:metric("newest", "db-2023-11-14")
  end,

  ["an empty repository"] = function(t)
    t:run { details = { repository = "/srv/borg" }, programs = { [command] = '{"archives": []}' } }
    t:no_metric("age")
    t:status("there is no archive")
  end,

  ["as a user who is not root, 1.2 of Debian 12"] = function(t)
    local err = "Error: [Errno 13] Permission denied: '/.config/borg'\n"
    t:run { details = { repository = "/srv/borg" }, programs = { [command] = { code = 2, err = err } } }
    t:unavailable("borg ended with code 2: Error: [Errno 13] Permission denied: '/.config/borg': set base_dir to a folder that it may write to")
  end,

  ["locked out"] = function(t)
    t:run { details = { repository = "/srv/borg" }, programs = { [command] = { code = 2, err = "passphrase supplied is incorrect.\n" } } }
    t:unavailable()
  end,
}
