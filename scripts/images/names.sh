# The names of the images, as docker-compose.yml has them.

# image_of SERVICE, with the variables of this environment filled in as compose would.
image_of() {
  local text
  text=$(sed -n "/^  $1:/,/^  [a-z]/s/^    image: \"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" docker-compose.yml)
  [[ -n $text ]] || fail "docker-compose.yml gives $1 no image"
  # Only ${NAME:-default} is filled in; nothing else in it is for the shell.
  while [[ $text =~ \$\{([A-Z_]+):-([^}]*)\} ]]; do
    local whole=${BASH_REMATCH[0]} name=${BASH_REMATCH[1]} otherwise=${BASH_REMATCH[2]}
    text=${text/"$whole"/${!name:-$otherwise}}
  done
  printf '%s\n' "$text"
}
