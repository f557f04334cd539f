local fstab = [[
# /etc/fstab: static file system information.
UUID=0a3407de-014b-458b-b5c1-848e92a327a3 /     ext4  errors=remount-ro 0 1
UUID=f9fe0b69-a280-415d-a03a-a32752370dee none  swap  sw                0 0
/dev/sdb1        /srv/my\040data ext4 defaults 0 2
backup:/export   /mnt/backup     nfs  noauto   0 0
/dev/sdc1        /archive        ext4 ro       0 2
]]
local old = "testdata/mountinfo-debian-12.txt"

return tests {
  ["all of fstab is mounted"] = function(t)
    t:run { files = { ["/proc/self/mountinfo"] = old, ["/etc/fstab"] = "UUID=1 / ext4 defaults 0 1\n" } }
    t:metric("expected", 1)
    t:metric("missing", 0)
    t:metric("mounted", true, "/")
    t:status("1 of 1 mounted")
  end,

  ["one is missing"] = function(t)
    t:run { files = { ["/proc/self/mountinfo"] = old, ["/etc/fstab"] = fstab } }
    t:metric("expected", 3)
    t:metric("missing", 2)
    t:metric("mounted", false, "/srv/my data")
    t:no_metric("mounted", "/mnt/backup")
    t:status("not mounted: /srv/my data, /archive")
  end,

  ["a file system became read-only after an error"] = function(t)
    t:run { files = { ["/proc/self/mountinfo"] = "testdata/mountinfo-ubuntu-24.04.txt", ["/etc/fstab"] = fstab } }
    t:metric("missing", 0)
    t:metric("read_only", 1)
    t:status("read-only: /srv/my data")
  end,

  ["a list of mount points"] = function(t)
    t:run { details = { expected = { "/proc/", "/data" } }, files = { ["/proc/self/mountinfo"] = old } }
    t:metric("mounted", true, "/proc")
    t:metric("mounted", false, "/data")
    t:status("not mounted: /data")
  end,

  ["a container, whose fstab is empty"] = function(t)
    t:run { files = { ["/proc/self/mountinfo"] = old, ["/etc/fstab"] = "# UNCONFIGURED FSTAB FOR BASE SYSTEM\n" } }
    t:status("/etc/fstab names no file system")
  end,

  ["no fstab"] = function(t)
    t:run { files = { ["/proc/self/mountinfo"] = old, ["/etc/fstab"] = false } }
    t:unavailable()
  end,
}
