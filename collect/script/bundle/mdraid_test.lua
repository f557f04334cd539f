return tests {
  ["a disk failed and its replacement is filled"] = function(t)
    t:run { files = {
      ["/proc/mdstat"] = "testdata/mdstat-degraded.txt",
      ["/sys/block/md0/md/mismatch_cnt"] = "128\n", ["/sys/block/md1/md"] = { type = "folder" }, ["/sys/block/md127"] = false,
    } }
    t:metric("arrays", 3)
    t:metric("degraded", 2)
    t:metric("disks", 3, "md1")
    t:metric("working", 2, "md1")
    t:metric("failed", 1, "md1")
    t:metric("level", "raid5", "md1")
    t:metric("action", "recovery", "md1")
    t:metric("action_percent", 12.6, "md1")
    t:metric("mismatches", 128, "md0")
    t:metric("active", false, "md127")
    t:status("md1: 2 of 3 disks, recovery 12.6 %; md127: inactive")
  end,

  ["the monthly check"] = function(t)
    t:run { files = { ["/proc/mdstat"] = "testdata/mdstat-check.txt", ["/sys/block"] = { type = "folder" } } }
    t:metric("degraded", 0)
    t:metric("spare", 1, "md0")
    t:metric("action_percent", 78.9, "md0")
    t:metric("action_speed", 618240 * 1024, "md0", "bytes/second")
    t:metric("action", "resync", "md2")
    t:no_metric("disks", "md1")
    t:status("md0: check 78.9 %")
  end,

  ["no arrays"] = function(t)
    t:run { files = { ["/proc/mdstat"] = "Personalities : \nunused devices: <none>\n" } }
    t:metric("arrays", 0)
    t:status("no arrays")
  end,

  ["no RAID in the kernel"] = function(t)
    t:run { files = { ["/proc/mdstat"] = false } }
    t:unavailable("this kernel has no software RAID: there is no /proc/mdstat")
  end,
}
