-- want: ^unavailable (script.41_broadcast|held)
return check {
  summary = "broadcast",
  needs = { udp = { "*:9" } },
  run = function(details, now, saved)
    local c, err = net.udp("255.255.255.255", 9)
    if c then
      c:send("x")
      unavailable("out")
    end
    unavailable("held: " .. err)
  end,
}
