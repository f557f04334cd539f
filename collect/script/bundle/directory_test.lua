return tests {
  ["files at two depths"] = function(t)
    t:run {
      details = { path = "/srv/queue" }, now = 1700000100,
      files = {
        ["/srv/queue/a"] = { size = 1000, mtime = 1700000000 },
        ["/srv/queue/b/c"] = { size = 24, mtime = 1700000090 },
      },
    }
    t:metric("bytes", 1024, nil, "bytes")
    t:metric("files", 2)
    t:metric("folders", 1)
    t:metric("skipped", 0)
    t:metric("newest_age", 10)
    t:metric("oldest_age", 100)
    t:status("2 files, 0.0 MiB")
  end,

  ["an empty folder"] = function(t)
    t:run { details = { path = "/srv/queue" }, files = { ["/srv/queue"] = { type = "folder" } } }
    t:metric("bytes", 0)
    t:metric("files", 0)
    t:no_metric("newest_age")
  end,

  ["no such folder"] = function(t)
    t:run { details = { path = "/srv/queue" }, files = { ["/srv/queue"] = false } }
    t:unavailable()
  end,
}
