// Files to try the bot with.

const LOG = `12:00:01 INFO  kettle: on
12:00:02 INFO  kettle: 40 degrees
12:00:03 ERROR kettle: no water
12:00:03 INFO  kettle: off
`;

export async function samples() {
  return [await drawn(), new File([LOG], "kettle.log", { type: "text/plain" })];
}

/** A picture of an error message. */
function drawn() {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [480, 200];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#f4f6f8";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#b3261e";
  pen.fillRect(0, 0, canvas.width, 44);
  pen.font = "20px system-ui, sans-serif";
  pen.fillStyle = "#ffffff";
  pen.fillText("Kettle", 18, 29);
  pen.fillStyle = "#1d2733";
  pen.fillText("Error 418: no water.", 18, 96);
  pen.fillText("Fill the kettle and try again.", 18, 130);
  return new Promise((done) =>
    canvas.toBlob((blob) => done(new File([blob], "kettle.png", { type: "image/png" })), "image/png"),
  );
}
