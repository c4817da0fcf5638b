// Puts the lab onto its page.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../theme.css";
import { Lab } from "./Lab";
import "./lab.css";
import { tokenOf } from "./token";

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <Lab token={tokenOf(window.location, window.sessionStorage)} />
    </StrictMode>,
  );
}
