-- want: needed more than [0-9]+ instructions|computed for more than
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local function again() for i = 1, 2 do xpcall(error, again) end end
    again()
    while true do end
  end,
}
