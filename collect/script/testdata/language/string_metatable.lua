-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    local meta = getmetatable("")
    if type(meta) == "table" then error("metatable of texts is there to be changed") end
    if pcall(setmetatable, "", { __index = {} }) then error("metatable of texts") end
    string.upper = function() return "taken over" end
    status("nothing got out")
  end,
}
