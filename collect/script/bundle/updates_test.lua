local apt = "apt-get -s -o Debug::NoLocking=1 dist-upgrade"
local check, security = "dnf -q -C check-update", "dnf -q -C updateinfo list --updates security"

return tests {
  ["apt 2.6 of Debian 12"] = function(t)
    t:run {
      now = 1700003600, programs = { [apt] = "testdata/apt-2.6.txt" },
      files = { ["/var/lib/apt/lists"] = { type = "folder", mtime = 1700000000 } },
    }
    t:metric("pending", 12)
    t:metric("security", 3)
    t:metric("lists_age", 3600, nil, "seconds")
    t:metric("manager", "apt-get")
    t:status("12 updates, 3 for security: libgcrypt20-dev, libgcrypt20, libpam-modules")
  end,

  ["apt 2.9 of Ubuntu, with a new kernel"] = function(t)
    t:run { programs = { [apt] = "testdata/apt-2.9.txt" }, files = { ["/var/lib/apt/lists"] = false } }
    t:metric("pending", 3)
    t:metric("security", 1)
    t:no_metric("lists_age")
  end,

  ["nothing to do"] = function(t)
    t:run {
      programs = { [apt] = "Reading package lists...\n0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n" },
      files = { ["/var/lib/apt/lists"] = false },
    }
    t:metric("pending", 0)
    t:status("up to date")
  end,

  ["apt fails"] = function(t)
    t:run { programs = { [apt] = { code = 100, err = "E: The package cache file is corrupted\n" } } }
    t:unavailable()
  end,

  ["dnf 4.14"] = function(t)
    t:run { programs = {
      ["apt-get"] = false, [check] = { out = "testdata/dnf-4.14-check-update.txt", code = 100 },
      [security] = "testdata/dnf-4.14-security.txt",
    } }
    t:metric("pending", 3)
    t:metric("security", 2)
    t:status("3 updates, 2 for security: openssl, openssl-libs")
  end,

  ["apk 2.14"] = function(t)
    t:run { programs = { ["apt-get"] = false, dnf = false, ["apk version -l <"] = "testdata/apk-2.14.txt" } }
    t:metric("pending", 2)
    t:no_metric("security")
    t:status("2 updates")
  end,

  ["no package manager"] = function(t)
    t:run { programs = { ["apt-get"] = false, dnf = false, apk = false } }
    t:unavailable("none of apt-get, dnf and apk is installed")
  end,
}
