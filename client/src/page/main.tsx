// Where the page begins.
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { brokerAddress } from "../broker/address";
import "../theme.css";
import "./page.css";
import { Page } from "./Page";

const root = document.getElementById("root");
if (root !== null) {
  const broker = await brokerAddress();
  createRoot(root).render(
    <StrictMode>
      <Page broker={broker} />
    </StrictMode>,
  );
}
