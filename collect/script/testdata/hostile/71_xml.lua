-- want: ^available held
return check {
  summary = "xml",
  run = function(details, now, saved)
    local v, err = xml.decode('<!DOCTYPE a [<!ENTITY b "' .. ("x"):rep(1000) .. '"><!ENTITY c "' .. ("&b;"):rep(1000) .. '">]><a>' .. ("&c;"):rep(1000) .. "</a>")
    if v then unavailable("out") end
    status("held: " .. err)
  end,
}
