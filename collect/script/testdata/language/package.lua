-- want: ^nothing got out$
return check {
  summary = "hostile",
  run = function(details, now, saved)
    if package or module then error("package") end
    local ok, loaded = pcall(require, "package.loaded")
    if ok then error(tostring(loaded)) end
    status("nothing got out")
  end,
}
