local client = "sudo fail2ban-client status"

return tests {
  ["1.0 of Debian 12"] = function(t)
    t:run { programs = { [client] = "testdata/fail2ban-1.0-status.txt", [client .. " sshd"] = "testdata/fail2ban-1.0-sshd.txt" } }
    t:metric("jails", 1)
    t:metric("not_asked", 0)
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

  ["more jails than it may run programs"] = function(t)
    local names, programs = {}, {}
    for i = 1, 65 do
      names[i] = "web-" .. i
      if i <= 63 then programs[client .. " web-" .. i] = "testdata/fail2ban-1.0-sshd.txt" end
    end
    programs[client] = "Status\n|- Number of jail:\t65\n`- Jail list:\t" .. table.concat(names, ", ") .. "\n"
    t:run { programs = programs }
    t:metric("jails", 65)
    t:metric("not_asked", 2)
    t:metric("banned", 126)
    t:metric("banned", 2, "web-63")
    t:status("126 banned in 65 jails, of which 2 were not asked: give each a check with jail")
  end,

  ["not allowed"] = function(t)
    t:run { programs = { [client] = { code = 1, err = "sudo: a password is required\n" } } }
    t:unavailable()
  end,
}
