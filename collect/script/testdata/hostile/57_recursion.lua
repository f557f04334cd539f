-- want: ^unavailable 57_recursion.lua:\d+: .*(stack|calls)
return check {
  summary = "recursion",
  run = function(details, now, saved)
    local function f(n) return 1 + f(n + 1) end
    return f(1)
  end,
}
