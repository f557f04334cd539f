-- want: ^available held$
return check {
  summary = "package",
  run = function(details, now, saved)
    if package ~= nil then unavailable("out: package") end
    if module ~= nil then unavailable("out: module") end
    if _LOADED ~= nil then unavailable("out: _LOADED") end
    status("held")
  end,
}
