-- want: ^unavailable (62_doubling.lua:\d+: |broke the limit of 64 MiB of memory)
return check {
  summary = "doubling",
  run = function(details, now, saved)
    local s = "x"
    while true do s = s .. s end
  end,
}
