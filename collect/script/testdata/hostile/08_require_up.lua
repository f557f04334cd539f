-- want: ^unavailable 08_require_up\.lua:\d+: .*"\.\./etc/passwd"
return check {
  summary = "require up",
  run = function(details, now, saved)
    require("../etc/passwd")
  end,
}
