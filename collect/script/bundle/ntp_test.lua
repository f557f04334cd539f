return tests {
  ["chrony 4.3"] = function(t)
    t:run { programs = { ["chronyc -c tracking"] = "testdata/chrony-4.3-tracking.csv" } }
    t:metric("synchronized", true)
    t:metric("service", "chrony")
    t:metric("source", "127.0.0.1")
    t:metric("stratum", 9)
    t:metric("offset", 0.000001288, nil, "seconds")
    t:metric("root_delay", 0.000006999)
    t:status("chrony: 0.001 ms from 127.0.0.1")
  end,

  ["chrony 3.5"] = function(t)
    t:run { programs = { ["chronyc -c tracking"] = "testdata/chrony-3.5-tracking.csv" } }
    t:metric("offset", -0.000123456)
    t:metric("root_dispersion", 0.001234567)
    t:metric("stratum", 3)
  end,

  ["chrony without a server"] = function(t)
    t:run { programs = { ["chronyc -c tracking"] = "testdata/chrony-4.3-unsynchronized.csv" } }
    t:metric("synchronized", false)
    t:no_metric("offset")
    t:status("chrony is not synchronized")
  end,

  ["chrony does not run, and nothing else is there"] = function(t)
    t:run {
      programs = {
        ["chronyc -c tracking"] = { out = "506 Cannot talk to daemon\n", code = 1 }, ntpq = false, timedatectl = false,
      },
    }
    t:unavailable("chronyc: 506 Cannot talk to daemon")
  end,

  ["ntpd 4.2.8"] = function(t)
    t:run { programs = { chronyc = false, ["ntpq -pn"] = "testdata/ntpq-4.2.8.txt" } }
    t:metric("service", "ntpd")
    t:metric("source", "192.0.2.9")
    t:metric("stratum", 2)
    t:metric("offset", 0.001234)
    t:metric("jitter", 0.000456)
  end,

  ["ntpsec has no server yet"] = function(t)
    t:run { programs = { chronyc = false, ["ntpq -pn"] = "testdata/ntpq-ntpsec-1.2.2.txt" } }
    t:metric("synchronized", false)
    t:status("ntpd is not synchronized")
  end,

  ["ntpsec 1.2.2 with a server"] = function(t)
    t:run { programs = { chronyc = false, ["ntpq -pn"] = "testdata/ntpq-ntpsec-1.2.2-synchronized.txt" } }
    t:metric("synchronized", true)
    t:metric("source", "192.0.2.1")
    t:metric("stratum", 9)
    t:metric("offset", 0.0000027)
  end,

  ["ntpsec has just started"] = function(t)
    t:run { programs = { chronyc = false, timedatectl = false, ["ntpq -pn"] = "server=localhost No association IDs returned\n" } }
    t:unavailable("ntpq: ntpq printed no peers")
  end,

  ["timesyncd of systemd 252 with one answer: a jitter of 0 has no unit"] = function(t)
    t:run { programs = { chronyc = false, ntpq = false, ["timedatectl timesync-status"] = "testdata/timesyncd-252-local.txt" } }
    t:metric("source", "127.0.0.1")
    t:metric("offset", 0.000025)
    t:metric("jitter", 0)
    t:metric("stratum", 9)
  end,

  ["timesyncd of systemd 252"] = function(t)
    t:run { programs = { chronyc = false, ntpq = false, ["timedatectl timesync-status"] = "testdata/timesyncd-252.txt" } }
    t:metric("service", "timesyncd")
    t:metric("source", "2.debian.pool.ntp.org")
    t:metric("offset", -0.001229)
    t:metric("root_delay", 0.012817)
    t:metric("stratum", 3)
  end,

  ["timesyncd of systemd 245 reaches no server"] = function(t)
    t:run { programs = { chronyc = false, ntpq = false, ["timedatectl timesync-status"] = "testdata/timesyncd-245.txt" } }
    t:metric("synchronized", false)
    t:metric("source", "ntp.ubuntu.com")
  end,

  ["nothing is installed"] = function(t)
    t:run { programs = { chronyc = false, ntpq = false, timedatectl = false } }
    t:unavailable("none of chronyc, ntpq and timedatectl is installed")
  end,
}
