-- When certificates end: those in files, and the one that a server shows. A server's certificate is read whether or not it
-- is trusted: that it can be verified, remote.http and remote.tcp check.

return check {
  summary = "when certificates in files or of a server end",
  details = {
    files = { kind = "absolute-path", doc = "files in PEM or DER, a pattern: /etc/ssl/virgo/*.pem" },
    host = { kind = "host", doc = "server" },
    port = { kind = "port", default = 443, doc = "its port, where TLS begins at once" },
    server_name = { role = "name", doc = "name that the server is asked for; default: host" },
    warn = { kind = "number", default = 14, role = "free", doc = "days before the end from which the status says so" },
  },
  -- where the links of certbot and of /etc/ssl/certs lead
  needs = { files = { "${files}", "/etc/letsencrypt/archive/*/*.pem", "/usr/share/ca-certificates/**" }, tcp = { "${host}:${port}" } },
  metrics = { "days_left", "certificates" },

  run = function(details, now)
    local found, failed = {}, {}
    if not details.files and not details.host then unavailable("give files, host, or both") end
    if details.files then
      local paths, why = file.list(details.files)
      if not paths then unavailable(why) end
      if #paths == 0 then failed[1] = "no file matches " .. details.files end
      for _, path in ipairs(paths) do
        local content, wrong = file.read(path)
        local list
        if content then list, wrong = x509.decode(content) end
        if list then
          -- the first is the host's own, those that follow have signed it
          for i, certificate in ipairs(list) do
            found[#found + 1] = { name = i == 1 and path or path .. " #" .. i, certificate = certificate }
          end
        else
          failed[#failed + 1] = path .. ": " .. wrong
        end
      end
    end
    if details.host then
      local conn, why = net.tcp(details.host, details.port, {
        tls = true, insecure = true, timeout = 10, server_name = details.server_name or details.host,
      })
      if conn then
        found[#found + 1] = { name = details.host .. ":" .. details.port, certificate = conn:certificate() }
        conn:close()
      else
        failed[#failed + 1] = why
      end
    end

    local least, soon, expired = nil, {}, 0
    for _, f in ipairs(found) do
      local days = (f.certificate.not_after - now) / 86400
      metric("certificate_days_left", "double", days, "days", f.name)
      if not least or days < least then least = days end
      if days < 0 then
        expired = expired + 1
        soon[#soon + 1] = f.name .. " ended " .. time.format(f.certificate.not_after, "%Y-%m-%d")
      elseif days < details.warn then
        soon[#soon + 1] = string.format("%s ends in %.0f days", f.name, math.floor(days))
      end
    end
    if not least then unavailable(#failed > 0 and table.concat(failed, "; ") or "there is no certificate") end
    metric("days_left", "double", least, "days")
    metric("certificates", "int64", #found)
    metric("expired", "int64", expired)
    metric("unreadable", "int64", #failed)
    for _, f in ipairs(failed) do soon[#soon + 1] = f end
    status(#soon > 0 and table.concat(soon, "; ") or string.format("%d certificates, the first ends in %.0f days", #found, math.floor(least)))
  end,
}
