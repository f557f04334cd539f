-- want: ^unavailable 87_uses_while_loading.lua:\d+: 
file.read("/etc/passwd")
return check {
  summary = "uses while loading",
  run = function(details, now, saved)
    status("held")
  end,
}
