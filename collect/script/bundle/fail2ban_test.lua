local client = "sudo fail2ban-client status"

return tests {
  ["1.0 of Debian 12"] = function(t)
    t:run { programs = { [client] = "testdata/fail2ban-1.0-status.txt", [client .. " sshd"] = "testdata/fail2ban-1.0-sshd.txt" } }
    t:metric("jails", 1)
    t:metric("banned", 2, "sshd")
    t:metric("banned_total", 2, "sshd")
    t:metric("failed", 0)
    t:status("2 banned in 1 jails")
  end,

  ["0.11 with two jails"] = function(t)
    t:run { programs = {
      [client] = "testdata/fail2ban-0.11-status.txt", [client .. " sshd"] = "testdata/fail2ban-0.11-sshd.txt",
      [client .. " nginx-http-auth"] = "testdata/fail2ban-1.0-sshd.txt",
    } }
    t:metric("jails", 2)
    t:metric("banned", 5)
    t:metric("failed_total", 1093, "sshd")
  end,

  ["not allowed"] = function(t)
    t:run { programs = { [client] = { code = 1, err = "sudo: a password is required\n" } } }
    t:unavailable()
  end,
}
