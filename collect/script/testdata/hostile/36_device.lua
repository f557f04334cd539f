-- want: ^unavailable .*
return check {
  summary = "device",
  needs = { files = { "/dev/**" } },
  run = function(details, now, saved)
    local got, err = file.read("/dev/zero")
    if got then unavailable("out: " .. #got) end
    unavailable("held: " .. err)
  end,
}
