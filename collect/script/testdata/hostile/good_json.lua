-- want: ^available success$
return check {
  summary = "json",
  run = function(details, now, saved)
    local v = json.decode('{"a": {"b": [1, 2, 3]}}')
    metric("b", "int64", #v.a.b)
    if json.stolen or string.stolen then unavailable("changed by another script") end
  end,
}
