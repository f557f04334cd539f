-- want: ^unavailable 89_regexps.lua:(\d+:)? (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "regexps",
  run = function(details, now, saved)
    local s = ("a"):rep(1000000)
    while true do pcall(re.all, s, "(a|aa|b?)*c") end
  end,
}
