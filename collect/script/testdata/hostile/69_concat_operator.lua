-- want: ^unavailable (69_concat_operator.lua:\d+: |broke the limit of 64 MiB of memory)
return check {
  summary = "concat operator",
  run = function(details, now, saved)
    local s = ("x"):rep(1000000)
    local t = s .. s .. s .. s .. s .. s .. s .. s .. s .. s
    t = t .. t .. t .. t .. t .. t .. t .. t .. t .. t
    t = t .. t .. t .. t .. t .. t .. t .. t .. t .. t
  end,
}
