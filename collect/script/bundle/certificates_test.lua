local web, mail = "testdata/certificate-web.pem", "testdata/certificate-mail.pem"
local web_ends, mail_ends = 1803745117, 1796833118

return tests {
  ["two files"] = function(t)
    t:run {
      details = { files = "/etc/ssl/own/*.pem" }, now = mail_ends - 5 * 86400,
      files = { ["/etc/ssl/own/web.pem"] = web, ["/etc/ssl/own/mail.pem"] = mail },
    }
    t:metric("certificates", 2)
    t:metric("days_left", 5, nil, "days")
    t:metric("certificate_days_left", 5 + (web_ends - mail_ends) / 86400, "/etc/ssl/own/web.pem")
    t:metric("expired", 0)
    t:status("/etc/ssl/own/mail.pem ends in 5 days")
  end,

  ["one has ended, and one cannot be read"] = function(t)
    t:run {
      details = { files = "/c/*" }, now = mail_ends + 60, files = { ["/c/mail.pem"] = mail, ["/c/note.txt"] = "no certificate" },
    }
    t:metric("expired", 1)
    t:metric("unreadable", 1)
  end,

  ["of a server"] = function(t)
    t:run {
      details = { host = "www.example.org" }, now = web_ends - 30 * 86400,
      net = { ["tcp www.example.org:443"] = { certificate = web } },
    }
    t:metric("certificate_days_left", 30, "www.example.org:443")
    t:status("1 certificates, the first ends in 30 days")
  end,

  ["a server that refuses"] = function(t)
    t:run { details = { host = "www.example.org", port = 8443 }, net = { ["tcp www.example.org:8443"] = false } }
    t:unavailable()
  end,

  ["nothing to look at"] = function(t)
    t:run {}
    t:unavailable("give files, host, or both")
  end,
}
