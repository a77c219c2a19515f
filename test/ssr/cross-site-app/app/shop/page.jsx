export { TransferPage as default } from "../../lib/transfer-page.jsx";
