return tests {
  ["Linux 6.18, whose limit is none"] = function(t)
    t:run { files = { ["/proc/sys/fs/file-nr"] = "1132\t0\t9223372036854775807\n", ["/proc/sys/fs/inode-nr"] = "46061\t383\n" } }
    t:metric("open", 1132)
    t:no_metric("limit")
    t:no_metric("percent")
    t:metric("inodes", 46061)
    t:metric("inodes_free", 383)
    t:status("1132 open files")
  end,

  ["Linux 4.19, near its limit"] = function(t)
    t:run { files = { ["/proc/sys/fs/file-nr"] = "90112\t0\t100000\n", ["/proc/sys/fs/inode-nr"] = false } }
    t:metric("percent", 90.112, nil, "percent")
    t:metric("limit", 100000)
    t:no_metric("inodes")
    t:status("90112 of 100000 open files: 90 percent")
  end,

  ["a limit of the owner's"] = function(t)
    t:run { details = { warn = 95 }, files = { ["/proc/sys/fs/file-nr"] = "90112\t0\t100000\n" } }
    t:status("90112 of 100000 open files")
  end,

  ["other content"] = function(t)
    t:run { files = { ["/proc/sys/fs/file-nr"] = "\n" } }
    t:unavailable("/proc/sys/fs/file-nr has other content than expected")
  end,
}
