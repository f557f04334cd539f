-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local meta = getmetatable("")
    if type(meta) == "table" then meta.__index = function() return "taken over" end end
    if pcall(setmetatable, "", { __index = {} }) then error("metatable of texts") end
    string.upper = function() return "taken over" end
    status("nothing got out")
  end,
}
