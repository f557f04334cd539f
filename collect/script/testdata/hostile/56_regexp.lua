-- want: ^unavailable 56_regexp.lua:(\d+:)? 
return check {
  summary = "regexp",
  run = function(details, now, saved)
    local s = ("a"):rep(1000000)
    while true do
      local ok, err = pcall(re.find, s, "(((a{0,30}){0,30}){0,30}){0,30}b")
      if not ok and not err:find("instructions") then error(err, 0) end
    end
  end,
}
