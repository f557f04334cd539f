-- want: ^unavailable 09_require_c\.lua:\d+: .*"lib\.\./\.\./\.\./libc\.so"
return check {
  summary = "require c",
  run = function(details, now, saved)
    require("lib../../../libc.so")
  end,
}
