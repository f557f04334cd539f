-- want: ^unavailable 54_pattern.lua:(\d+:)? (needed more than 20000000 instructions|computed for more than 3s)
return check {
  summary = "pattern",
  run = function(details, now, saved)
    local s = ("a"):rep(40)
    while true do
      pcall(string.find, s, ("a-"):rep(30) .. "b")
    end
  end,
}
