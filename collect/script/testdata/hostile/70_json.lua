-- want: ^available held
return check {
  summary = "json",
  run = function(details, now, saved)
    local v, err = json.decode(("["):rep(1000000))
    if v then unavailable("out") end
    status("held: " .. err)
  end,
}
