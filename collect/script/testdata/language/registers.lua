-- want: stack overflow|registry overflow|needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local function f(...) return f(1, ...) end
    while true do pcall(f) end
  end,
}
