local none = {
  ["/run/reboot-required"] = false, ["/run/reboot-required.pkgs"] = false,
  ["/proc/sys/kernel/osrelease"] = "6.1.0-32-amd64\n", ["/boot/vmlinuz-6.1.0-32-amd64"] = "", ["/boot/vmlinuz-6.1.0-9-amd64"] = "",
}

return tests {
  ["nothing to do"] = function(t)
    t:run { files = none, programs = { ["needs-restarting"] = false }, now = 1700000000, system = { boot_time = 1699990000 } }
    t:metric("reboot_required", false)
    t:metric("uptime", 10000, nil, "seconds")
    t:metric("kernel", "6.1.0-32-amd64")
    t:status("no reboot required")
  end,

  ["packages of Debian ask for it"] = function(t)
    t:run {
      files = {
        ["/run/reboot-required"] = "*** System restart required ***\n",
        ["/run/reboot-required.pkgs"] = "linux-image-6.1.0-32-amd64\nlibc6\nlibc6\n",
        ["/proc/sys/kernel/osrelease"] = "6.1.0-31-amd64\n", ["/boot/vmlinuz-6.1.0-31-amd64"] = "",
      },
      programs = { ["needs-restarting"] = false },
    }
    t:metric("reboot_required", true)
    t:metric("packages", 2)
    t:status("reboot required: for linux-image-6.1.0-32-amd64, libc6")
  end,

  ["a newer kernel of the same kind"] = function(t)
    t:run {
      files = {
        ["/run/reboot-required"] = false, ["/proc/sys/kernel/osrelease"] = "6.1.0-9-amd64\n",
        ["/boot/vmlinuz-6.1.0-9-amd64"] = "", ["/boot/vmlinuz-6.1.0-32-amd64"] = "", ["/boot/vmlinuz-6.8.0-1-cloud-amd64"] = "",
      },
      programs = { ["needs-restarting"] = false },
    }
    t:metric("reboot_required", true)
    t:status("reboot required: kernel 6.1.0-32-amd64 is installed, 6.1.0-9-amd64 runs")
  end,

  ["dnf asks for it"] = function(t)
    t:run {
      files = {
        ["/run/reboot-required"] = false, ["/proc/sys/kernel/osrelease"] = "5.14.0-427.el9.x86_64\n",
        ["/boot/vmlinuz-5.14.0-427.el9.x86_64"] = "", ["/boot/vmlinuz-0-rescue-4f1a"] = "",
      },
      programs = { ["needs-restarting -r"] = { out = "testdata/needs-restarting-4.3.txt", code = 1 } },
    }
    t:metric("reboot_required", true)
    t:status("reboot required: says needs-restarting")
  end,

  ["dnf does not"] = function(t)
    t:run {
      files = {
        ["/run/reboot-required"] = false, ["/proc/sys/kernel/osrelease"] = "4.18.0-553.el8_10.x86_64\n",
        ["/boot/vmlinuz-4.18.0-553.el8_10.x86_64"] = "",
      },
      programs = { ["needs-restarting -r"] = { out = "testdata/needs-restarting-4.0.txt" } },
    }
    t:metric("reboot_required", false)
  end,
}
