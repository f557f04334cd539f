local list, status = "zpool list -Hp -o name,size,alloc,free,frag,cap,health", "zpool status -p"

return tests {
  ["a degraded pool, OpenZFS 2.1"] = function(t)
    t:run { programs = { [list] = "testdata/zpool-2.1-list.txt", [status] = "testdata/zpool-2.1-status.txt" } }
    t:metric("pools", 2)
    t:metric("unhealthy", 1)
    t:metric("health", "ONLINE", "rpool")
    t:metric("size", 248034361344, "rpool", "bytes")
    t:metric("fragmentation", 41, "tank")
    t:metric("capacity", 90, "tank", "percent")
    t:metric("read_errors", 4, "tank")
    t:metric("write_errors", 7, "tank")
    t:metric("checksum_errors", 3, "tank")
    t:metric("scan", "resilver in progress since Sun Nov 12 08:00:01 2023", "tank")
    t:status("tank: DEGRADED")
  end,

  ["data errors of a pool that is online, ZFS on Linux 0.8"] = function(t)
    t:run { programs = { [list] = "testdata/zpool-0.8-list.txt", [status] = "testdata/zpool-0.8-status.txt" } }
    t:metric("unhealthy", 1)
    t:no_metric("fragmentation", "zroot")
    t:metric("checksum_errors", 8, "zroot")
    t:status("zroot: 1 data errors, use '-v' for a list")
  end,

  ["one pool"] = function(t)
    t:run {
      details = { pool = "rpool" },
      programs = { [list] = "testdata/zpool-2.1-list.txt", [status] = { err = "permission denied\n", code = 1 } },
    }
    t:metric("pools", 1)
    t:no_metric("read_errors", "rpool")
    t:status("1 pools, all healthy")
  end,

  ["no such pool"] = function(t)
    t:run { details = { pool = "x" }, programs = { [list] = "testdata/zpool-0.8-list.txt", [status] = "" } }
    t:unavailable("there is no pool x")
  end,

  ["no ZFS"] = function(t)
    t:run { programs = { zpool = false } }
    t:unavailable()
  end,
}
